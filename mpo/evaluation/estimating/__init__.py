"""What runs say together: statistics, intervals, comparisons, costs. Reads frames alone."""
