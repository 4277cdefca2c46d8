// SMTP between servers on port 25 (RFC 5321, STARTTLS: RFC 3207).
import { usualPorts } from "../domain/usual-ports.ts";
import { smtpProtocol } from "./smtp-dialogue.ts";

export const smtp = smtpProtocol({ summary: "mail between servers (port 25)", place: usualPorts.smtp, hello: "EHLO" });
