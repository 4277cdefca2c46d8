// The registry of ACME challenges. A new one is one file, one line here, and its name in `ChallengeName`.
import type { ChallengeName } from "../domain/certificate-config.ts";
import type { ChallengeEntry } from "./challenge.ts";

export const challenges = {
  "http-01": {
    summary: "a small web server on port 80 shows the CA a token, or the one that is there does (webroot)",
    // RFC 8555 §8.3 proves control of one host; Baseline Requirements §3.2.2.4.19 exclude wildcards.
    refuses: (name: string) => (name.startsWith("*.") ? "a wildcard cannot be proven over HTTP (http-01)" : undefined),
    load: async () => {
      const [{ createHttp01 }, { createWebroot }] = await Promise.all([import("./http-01.ts"), import("./webroot.ts")]);
      return (settings) =>
        settings.webroot === undefined ? createHttp01(settings) : createWebroot({ webroot: settings.webroot });
    },
  },
} satisfies Readonly<Partial<Record<ChallengeName, ChallengeEntry>>>;
