// What an order asks for besides its names: a profile, an end. Only what the CA offers, and never insisted on: a certificate comes first.
import { clean } from "../../domain/text.ts";
import type { UnmetWish } from "../../domain/unmet-wish.ts";
import { type Problem, ProblemError, shortType } from "./problem.ts";

export interface Wishes {
  /** In order of preference; none: the CA's default. */
  readonly profiles: readonly string[];
  /** Lifetime in days. */
  readonly days?: number;
}

/** Members of a newOrder object (draft-ietf-acme-profiles §4, RFC 8555 §7.4). */
export interface Wish {
  readonly profile?: string;
  readonly notAfter?: string;
}

const day = 86_400_000;

/** Boulder, for one, takes no notAfter at all: "NotBefore and NotAfter are not supported". */
const isAboutEnd = (problem: Problem): boolean =>
  ["malformed", "badCSR", "unsupportedValidity", ""].includes(shortType(problem)) &&
  /not-?after|validity/i.test(problem.detail);

export interface Wishing {
  readonly wishes: Wishes;
  /** The profiles that the directory lists; undefined: the CA has none. */
  readonly offered: readonly string[] | undefined;
  readonly now: Date;
  readonly unmet: (wish: UnmetWish) => void;
}

/** The profiles to try, in order; what is not offered is said. */
const candidates = ({ wishes, offered, unmet }: Wishing): readonly (string | undefined)[] => {
  const possible = wishes.profiles.filter((profile) => offered?.includes(profile));
  if (wishes.profiles.length > 0 && possible.length === 0) {
    const has =
      offered === undefined || offered.length === 0 ? "none" : offered.map((one) => clean(one, 60)).join(", ");
    const wanted = wishes.profiles.join(" or ");
    const message = `the CA does not offer the profile ${wanted} (it offers ${has}): its default was taken`;
    unmet({ setting: "profile", message });
  }
  return [...possible, undefined];
};

/** Places the order with as much of the wishes as the CA takes. */
export const placeWishing = async <Order>(place: (wish: Wish) => Promise<Order>, o: Wishing): Promise<Order> => {
  const { wishes, now, unmet } = o;
  let notAfter = wishes.days === undefined ? undefined : new Date(now.getTime() + wishes.days * day).toISOString();
  let refused: unknown;
  for (const profile of candidates(o)) {
    for (;;) {
      try {
        return await place({
          ...(profile === undefined ? {} : { profile }),
          ...(notAfter === undefined ? {} : { notAfter }),
        });
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        if (profile !== undefined && shortType(error.problem) === "invalidProfile") {
          unmet({
            setting: "profile",
            message: `the CA did not take the profile ${profile}: ${error.problem.detail}`,
          });
          refused = error;
          break;
        }
        if (notAfter === undefined || !isAboutEnd(error.problem)) throw error;
        unmet({
          setting: "days",
          message: `the CA decides by itself how long its certificates are valid: ${error.problem.detail}`,
        });
        notAfter = undefined;
      }
    }
  }
  throw refused;
};
