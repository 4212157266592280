"""One module per goal or kin of goals: sets the case up, checks what comes back, measures it beside its reference."""
