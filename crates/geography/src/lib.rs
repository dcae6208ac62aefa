//! Where inference may lawfully run: regions, routes, jurisdictions and their rules; pure.
