// Self-signed: a leaf that nobody vouches for, for a quick test. domain/self-signed-notes.ts says who will refuse it.
import { ownKeyOf } from "../../domain/subject-key.ts";
import type { SelfSignedSettings } from "../../domain/certificate-config.ts";
import { selfSignedNotes } from "../../domain/self-signed-notes.ts";
import { makeLeaf } from "../../x509/leaf.ts";
import type { Random } from "../../x509/random.ts";
import { validityOf } from "../../x509/validity.ts";
import { commonNameFor } from "../common-name.ts";
import type { Issuer } from "../issuer.ts";
import { checkDays } from "../lifetime.ts";
import { acceptNames, nameRefusal } from "../name-refusal.ts";

export const createSelfSigned = ({ random }: { readonly random: Random }): Issuer<SelfSignedSettings> => ({
  refuses: nameRefusal,
  issue: async (request) => {
    const { names: asked, settings, now, signal, step } = request;
    const privateKey = ownKeyOf(request, "self-signed");
    checkDays(settings.days);
    const names = acceptNames("self-signed", asked, nameRefusal);
    signal.throwIfAborted();
    const leaf = await makeLeaf({
      privateKey,
      names,
      // An issuer's name must not be empty (RFC 5280 §4.1.2.4), and here subject and issuer are one.
      commonName: commonNameFor(names) ?? "mailcert self-signed",
      ...validityOf(now, settings.days),
      random,
    });
    for (const note of selfSignedNotes) step(note);
    return { leaf, chain: [] };
  },
});
