// Look: no other ACME client renews the same names on this host.
import { type DoctorFinding, type Looked } from "../../domain/doctor/finding.ts";
import { otherClientFinding } from "../../domain/doctor/other-clients.ts";
import { otherClients } from "../other-client.ts";
import type { Look } from "./look.ts";

export const otherClientsLook: Look = {
  id: "other-clients",
  title: "other ACME clients",
  needsRoot: true,
  look: async ({ world, certificates }): Promise<Looked> => {
    const findings: DoctorFinding[] = [];
    for (const certificate of certificates)
      findings.push(
        ...(await otherClients(world, certificate)).map((one) => otherClientFinding(certificate.name, one)),
      );
    return { findings, well: findings.length === 0 ? ["none renews these names"] : [], unseen: [] };
  },
};
