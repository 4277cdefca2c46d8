// Look: the challenge's port can be had, and the ports of each server are its own.
import { together } from "../../domain/doctor/finding.ts";
import { type Held, portFindings } from "../../domain/doctor/ports.ts";
import type { Deployable } from "../entries.ts";
import type { Ground, Look } from "./look.ts";
import { preflightPart } from "./preflight-part.ts";

const heldPorts = async ({ tools }: Ground, { listeners }: Deployable): Promise<readonly Held[]> => {
  // A port for TLS alone is not opened without TLS: what switched it off is told at the mail servers.
  const opened = listeners.filter(({ mode, tlsOff }) => mode === "starttls" || tlsOff === undefined);
  const ports = [...new Set(opened.map(({ port }) => port))];
  return Promise.all(
    ports.map(async (port) => {
      const holders = await Promise.all(
        (await tools.portHolders(port)).map(async (holder) => {
          const service = await tools.serviceOf(holder.pid);
          return service === undefined ? holder : { ...holder, service };
        }),
      );
      return { port, holders };
    }),
  );
};

export const portsLook: Look = {
  id: "ports",
  title: "ports",
  needsRoot: true,
  look: async (ground) => {
    const looked = [await preflightPart(ground, ["preflight-port", "preflight-webroot"])];
    for (const one of await ground.servers()) {
      const { installation, trouble } = one;
      // What a broken configuration names is not known.
      if (trouble) continue;
      const held = await heldPorts(ground, one);
      const findings = portFindings(installation, installation.running, held, ground.systemd);
      const own = held.filter(({ holders }) => holders.length > 0).map(({ port }) => port);
      const well =
        findings.length === 0 && own.length > 0
          ? [`${installation.id} has ${own.toSorted((a, b) => a - b).join(", ")}`]
          : [];
      looked.push({ findings, well, unseen: [] });
    }
    return together(looked);
  },
};
