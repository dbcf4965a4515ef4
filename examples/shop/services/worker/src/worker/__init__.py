"""Makes invoices in the background."""
