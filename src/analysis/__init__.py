"""Effect and process evaluation of a community health programme, from raw files to safe municipal reports."""
