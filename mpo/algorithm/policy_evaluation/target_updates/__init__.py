"""How target networks follow, one module each: `refresh(target, online, polyak)`, in place."""
