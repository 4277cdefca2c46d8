// A certificate as Postfix's settings name it, and whether a service has one of its own.
import { escapes } from "../../system/templates.ts";
import type { ServedCertificate } from "../server.ts";
import { chainParameter, ownLegacy } from "./parameters.ts";
import type { Parameters } from "./postconf.ts";

const squeeze = (text: string): string => text.trim().replace(/[\s,]+/g, " ");

/** The value of smtpd_tls_chain_files: one combined file (key, then chain) for each slot. */
export const chainValue = ({ slots }: ServedCertificate): string =>
  [slots.ecdsa, slots.rsa].flatMap((slot) => (slot ? [escapes.postfix(slot.combined)] : [])).join(", ");

export const sameFiles = (a: string, b: string): boolean => squeeze(a) === squeeze(b);

/** `own`: a service's `-o` parameters. */
export const ownCertificateOf = (own: Parameters): boolean =>
  (own.get(chainParameter) ?? "") !== "" || ownLegacy(own).length > 0 || own.get(chainParameter) === "";
