"""An open challenge kit for defacing and face attacks on head MRI; its folders are linked in here."""
