"""The gate: may this change be released? One verdict for every contract kind, with proof."""
