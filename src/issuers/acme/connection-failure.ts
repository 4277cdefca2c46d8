// Why the CA could not be talked to at all: name, connection, TLS, deadline. Each says where it went wrong and what to do next.
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";

const dnsCodes = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EAI_NONAME", "ENODATA", "ESERVFAIL"]);

/** OpenSSL's verdicts that mean: this machine does not know who signed. */
const untrusted = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_UNTRUSTED",
]);

const clock = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);

/** What was found, and the ways out. */
const explain = (code: string, detail: string, host: string, caFile?: string): readonly [string, readonly string[]] => {
  if (dnsCodes.has(code)) {
    const why =
      code === "EAI_AGAIN" || code === "ESERVFAIL" ? "the name server did not answer" : "there is no such name";
    return [
      `${host} cannot be resolved: ${why} (${code})`,
      ["check this machine's name servers (/etc/resolv.conf), and the directory URL where you gave one"],
    ];
  }
  if (untrusted.has(code))
    return [
      `its HTTPS certificate is not trusted here (${code})`,
      [
        caFile === undefined
          ? "for a CA of your own, name a file with the root of its HTTPS certificate: ca_file: FILE (--ca-file FILE)"
          : `the root that signed it is not in ${caFile}: put it there, or take ca_file out of the settings for a public CA`,
      ],
    ];
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return [
      `its HTTPS certificate is for another name than ${host}`,
      ["write the directory URL with a name that its certificate carries"],
    ];
  if (clock.has(code))
    return [
      `its HTTPS certificate is not valid at this time (${code})`,
      ["check this machine's clock (timedatectl); if it is right, the CA has to mend its certificate"],
    ];
  if (code === "ECONNREFUSED")
    return [`${host} refuses the connection`, ["check host and port of the directory URL, and whether the CA runs"]];
  if (code === "EHOSTUNREACH" || code === "ENETUNREACH" || code === "EADDRNOTAVAIL")
    return [
      `${host} cannot be reached from here (${code})`,
      ["check this machine's route and firewall for outgoing HTTPS"],
    ];
  if (code === "ETIMEDOUT")
    return [
      detail || `${host} did not answer in time`,
      ["run the command again; check the firewall for outgoing HTTPS"],
    ];
  if (code === "EPROTO" || code.startsWith("ERR_SSL"))
    return [
      `${host} does not speak TLS there as expected (${code})`,
      ["check scheme and port of the directory URL: ACME is HTTPS only (RFC 8555 §6.1)"],
    ];
  if (code === "ECONNRESET" || code === "EPIPE" || code === "ECONNABORTED")
    return [
      "the connection broke before the reply was complete",
      ["run the command again: it continues where it stopped"],
    ];
  return [clean(detail, 200) || code, ["run the command again: it continues where it stopped"]];
};

/** `error` came from node:https. An AggregateError (several addresses tried) is judged by its first. */
export const connectionFailure = (
  error: unknown,
  url: string,
  caFile?: string,
  more: Readonly<Record<string, unknown>> = {},
): Failure => {
  const inner = error instanceof AggregateError && error.errors.length > 0 ? (error.errors[0] as unknown) : error;
  const { code, message } = inner as NodeJS.ErrnoException;
  const where = new URL(url);
  const [what, hints] = explain(code ?? "", message, where.host, caFile);
  return new Failure("unavailable", `cannot talk to the ACME server at ${where.origin}: ${what}`, {
    hints,
    facts: { ...more, code: code ?? "UNKNOWN", url: clean(url, 300) },
    cause: error,
  });
};
