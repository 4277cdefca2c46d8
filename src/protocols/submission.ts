// Message submission by people's clients: 587 with STARTTLS, 465 with TLS at once (RFC 6409, RFC 8314 §3.3).
import { usualPorts } from "../domain/usual-ports.ts";
import { smtpProtocol } from "./smtp-dialogue.ts";

export const submission = smtpProtocol({
  summary: "mail sent by people (587 STARTTLS, 465 SSL/TLS)",
  place: usualPorts.submission,
  hello: "EHLO",
});
