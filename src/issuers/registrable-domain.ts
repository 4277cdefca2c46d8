// The domain that somebody registered, by the public-suffix list (the only importer of tldts; loaded when it is needed).
import { getDomain } from "tldts";

/**
 * `mail.example.co.uk` -> `example.co.uk`. Private suffixes count: under `example.dyndns.org` others own what is beside it.
 * A name that is a public suffix itself stands for itself.
 */
export const registrableDomain = (host: string): string =>
  getDomain(host, { allowPrivateDomains: true, extractHostname: false, detectIp: false, validateHostname: false }) ??
  host;
