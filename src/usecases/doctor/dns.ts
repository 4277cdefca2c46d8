// Look: the resolver answers, the names lead here, and CAA permits the CA.
import { type Looked, together } from "../../domain/doctor/finding.ts";
import { namesLooked } from "../../domain/doctor/names.ts";
import { askAddresses, needsAddress } from "../dead-names.ts";
import type { Look } from "./look.ts";
import { preflightPart } from "./preflight-part.ts";

export const dnsLook: Look = {
  id: "dns",
  title: "DNS",
  look: async (ground) => {
    const { world, certificates, root } = ground;
    const own = world.localAddresses();
    const looked: Looked[] = [];
    const strict = (certificate: (typeof certificates)[number]): boolean =>
      root && certificate.issuer.kind === "acme" && needsAddress(certificate.issuer);
    for (const needed of [true, false]) {
      const names = certificates.filter((one) => strict(one) === needed).flatMap((one) => one.names);
      if (names.length > 0) looked.push(namesLooked(await askAddresses(world, [...new Set(names)]), own, needed));
    }
    const silent = looked.some(({ findings }) => findings.some(({ check }) => check === "doctor-resolver"));
    const judged = await preflightPart(ground, ["preflight-resolve", "preflight-caa", "preflight-dns"]);
    // One cause, one finding: without a resolver nothing else can be said.
    const findings = judged.findings.filter(({ check }) => !silent || check === "preflight-dns");
    return together([...looked, { ...judged, findings }]);
  },
};
