"""Pure: (facts, parameters) -> verdict. One module a subject. Knows no lab, no file, no clock."""
