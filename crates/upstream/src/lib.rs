//! Send: the plan for a request and the HTTP exchange with a vendor.
