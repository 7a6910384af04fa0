"""Arrays in, arrays out: the fast code behind the strategies. Blocked, factored, knows no ids."""
