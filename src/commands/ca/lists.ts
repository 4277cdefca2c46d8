// ca revoke and ca crl: what is revoked, and the list of it.
import type { Context } from "../../cli/command.ts";
import { exitStatus } from "../../cli/exit-status.ts";
import { Failure } from "../../domain/failure.ts";
import { ownPath } from "../../domain/own-path.ts";
import type { RevocationReason } from "../../domain/revocation.ts";
import { caRevokeDocument, caRevokeText, crlDocument, crlText, hasFault } from "../../reports/ca.ts";
import { isWell, revokeDocument, revokeText } from "../../reports/revoke.ts";
import { makeCrl } from "../../usecases/ca/crl.ts";
import { type CaRevoked, meantBy, revokeOther } from "../../usecases/ca/revoke.ts";
import { type RevokeResult, revoke as revokeKept } from "../../usecases/revoke.ts";
import { accept, confirming, locked } from "../locked.ts";

export const crl = async (context: Context): Promise<number> => {
  const { args, options, globals, output, host } = context;
  const out = options["out"] as string | undefined;
  const wish = {
    name: args[1] ?? "default",
    dryRun: globals.dryRun,
    ...(out === undefined ? {} : { out: ownPath(host, out) }),
  };
  const result = await locked(context, (world) => makeCrl(world, wish));
  const trouble = hasFault(result.findings);
  output.result(crlText(result), crlDocument(result), trouble);
  return trouble ? exitStatus.findings : exitStatus.done;
};

type Done = { readonly kept: RevokeResult } | { readonly other: CaRevoked };

export const revoke = async (context: Context): Promise<number> => {
  const { args, options, globals, output, host } = context;
  const [, what] = args;
  if (what === undefined)
    throw new Failure(
      "usage",
      "say what to revoke: a serial number (hex), the file of a certificate, or a certificate's name",
      {
        hints: ["for example: mailcert ca revoke mail.example.org --reason superseded"],
      },
    );
  const path = host.cwd === undefined && !what.startsWith("/") ? undefined : ownPath(host, what);
  const reason = options["reason"] as RevocationReason | undefined;
  const done = await confirming<Done>(context, async (world, confirm) => {
    const meant = await meantBy(world, what, path);
    const { dryRun } = globals;
    if (meant.kind === "other")
      return { other: await revokeOther(world, meant, { reason: reason ?? "unspecified", dryRun, confirm }) };
    return {
      kept: await revokeKept(world, meant.name, meant.certificate, {
        ...(reason === undefined ? {} : { reason }),
        dryRun,
        replace: options["replace"] === true,
        accept: globals.yes ? accept(context) : async () => false,
        confirm,
      }),
    };
  });
  if ("other" in done) {
    const fault = hasFault(done.other.findings);
    output.result(caRevokeText(done.other), caRevokeDocument(done.other), fault);
    return fault ? exitStatus.findings : exitStatus.done;
  }
  const trouble = !isWell(done.kept);
  output.result(revokeText(done.kept, host.now()), revokeDocument(done.kept), trouble);
  return trouble ? exitStatus.findings : exitStatus.done;
};
