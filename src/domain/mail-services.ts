// The SRV records by which mail programs that know an address alone find servers (RFC 6186, RFC 8314 §5.1, RFC 5804 §1.8).
import type { Scheme } from "./entry-point.ts";

export interface MailService extends Scheme {
  /** `_imaps._tcp` */
  readonly label: string;
}

export const mailServices: readonly MailService[] = [
  { label: "_imaps._tcp", protocol: "imap", mode: "implicit" },
  { label: "_imap._tcp", protocol: "imap", mode: "starttls" },
  { label: "_pop3s._tcp", protocol: "pop3", mode: "implicit" },
  { label: "_pop3._tcp", protocol: "pop3", mode: "starttls" },
  { label: "_submissions._tcp", protocol: "submission", mode: "implicit" },
  { label: "_submission._tcp", protocol: "submission", mode: "starttls" },
  { label: "_sieve._tcp", protocol: "sieve", mode: "starttls" },
];
