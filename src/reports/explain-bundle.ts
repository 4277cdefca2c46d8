// What each client will say of a certificate: by verdict, with the reason, its words, and what mends it; its twin for --json.
import type { Verdict } from "../domain/clients/client.ts";
import { printable } from "../domain/text.ts";
import { displayName } from "../domain/names.ts";
import type { ExplainedBundle, SlotOpinion, SlotReason } from "../usecases/explain-bundle.ts";
import { wrap } from "../domain/wrap.ts";

const headings: Readonly<Record<Verdict, string>> = {
  accepts: "accepts it",
  asks: "asks the person first",
  refuses: "refuses it as it is",
  never: "never takes it, whatever is imported",
};

const order: readonly Verdict[] = ["accepts", "asks", "refuses", "never"];

const trusts: Readonly<Record<ExplainedBundle["trust"], string>> = {
  public: "of a public CA: nothing to import",
  "private-ca": "of a private CA, whose root each client has to import",
  "self-signed": "self-signed: each client has to be told to trust this one certificate",
};

const nameOf = (certificate: ExplainedBundle["root"]): string =>
  printable(certificate?.commonName ?? certificate?.subject ?? "");

const slotWord = ({ slot }: SlotReason): string =>
  slot === undefined ? "" : ` (the one with the ${slot === "rsa" ? "RSA" : "ECDSA"} key)`;

const clientLines = ({ client, imports, reasons }: SlotOpinion, width: number): readonly string[] => [
  wrap(`${client.name} [${client.versions}]`, width, "  ", "    "),
  ...(imports ? [wrap(`import ${imports.file}: ${imports.how}`, width, "      ", "        ")] : []),
  ...reasons.map((reason) =>
    wrap(`${reason.because}${slotWord(reason)}: ${reason.says} [${reason.source}]`, width, "      ", "        "),
  ),
];

/** What mends what is wrong, once each. That it has to be imported at all is mended by a public CA alone, and is told last. */
const mends = ({ certificate, opinions }: ExplainedBundle): readonly string[] => {
  const reasons = opinions.flatMap((opinion) => opinion.reasons);
  const sorted = [...reasons.filter(({ cause }) => cause !== "imported"), ...reasons];
  return [...new Set(sorted.map(({ mend }) => mend.replaceAll(/\bNAME\b/g, certificate)))];
};

export const explainBundleText = (result: ExplainedBundle, width: number): string => {
  const root = result.root === undefined ? "" : ` (${nameOf(result.root)})`;
  const stage = result.live ? "live" : "staged";
  const blocks = order.flatMap((verdict) => {
    const found = result.opinions.filter((opinion) => opinion.verdict === verdict);
    return found.length === 0
      ? []
      : [[`${headings[verdict]}:`, ...found.flatMap((opinion) => clientLines(opinion, width))].join("\n")];
  });
  const mend = mends(result);
  return [
    wrap(`${result.certificate}: generation ${result.generation} (${stage}), ${trusts[result.trust]}${root}`, width),
    wrap(`for clients that are configured with: ${result.names.map(displayName).join(", ") || "no name"}`, width),
    "",
    blocks.join("\n\n"),
    ...(mend.length === 0 ? [] : ["", "What helps:", ...mend.map((one) => wrap(one, width, "  - ", "    "))]),
    "",
    wrap(
      "[lab]: seen with the real program, see docs/what-clients-say.md; the others by what their makers, standards and users write.",
      width,
    ),
  ].join("\n");
};

export const explainBundleDocument = (result: ExplainedBundle): object => ({
  schema: "mailcert.bundle-explain/1",
  ok: true,
  certificate: result.certificate,
  generation: result.generation,
  live: result.live,
  trust: result.trust,
  names: result.names,
  ...(result.root === undefined ? {} : { root: { title: nameOf(result.root), sha256: result.root.sha256 } }),
  clients: result.opinions.map(({ client, verdict, imports, reasons }) => ({
    client: client.id,
    name: client.name,
    versions: client.versions,
    kind: client.kind,
    store: client.store,
    verdict,
    ...(imports ? { imports } : {}),
    reasons: reasons.map(({ cause, verdict: ruled, because, says, source, mend, slot }) => ({
      cause,
      verdict: ruled,
      because,
      says,
      source,
      mend,
      ...(slot === undefined ? {} : { slot }),
    })),
  })),
});
