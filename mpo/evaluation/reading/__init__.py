"""The files of a study's runs, checked against its manifest, as frames."""
