// SMTP between servers on port 25 (RFC 5321, STARTTLS: RFC 3207).
import { smtpProtocol } from "./smtp-dialogue.ts";

export const smtp = smtpProtocol({ summary: "mail between servers (port 25)", ports: { starttls: 25 }, hello: "EHLO" });
