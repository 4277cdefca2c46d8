// What to do about a connection to a provider's API that did not come about, by the code of its error.

const untrusted = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

export const connectionHints = (code: string): readonly string[] => {
  if (untrusted.has(code)) return ["for a server of your own, name the root of its HTTPS certificate: ca_file: FILE"];
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return ["write url with a name that its HTTPS certificate carries"];
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return ["check this machine's clock (timedatectl), then the server's certificate"];
  if (code === "ECONNREFUSED") return ["check host and port of url, and whether the API is switched on there"];
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return ["check url and this machine's /etc/resolv.conf"];
  if (code === "ETIMEDOUT") return ["run the command again; check the firewall for outgoing HTTPS"];
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) return ["check scheme and port of url"];
  return ["run the command again"];
};
