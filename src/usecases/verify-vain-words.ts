// Words of verify that together ask for nothing: refused, for a run that does nothing would seem to say that all is well.
import { checks } from "../checks/index.ts";
import { Failure } from "../domain/failure.ts";
import type { VerifyWords } from "./verify-request.ts";

/** A run without a judge would say that all is well. */
export const someCheckLeft = ({ check, skip }: VerifyWords): void => {
  if (checks.some(({ id }) => (check === undefined || check.includes(id)) && skip?.includes(id) !== true)) return;
  throw new Failure("usage", "--check and --skip leave no check: nothing would be judged", {
    hints: ["leave one of them out, or name other checks"],
  });
};

/** What --mx and --srv lead to has its protocols and ports from DNS. */
export const notInVain = ({ targets, mx = [], srv = [], entries, ports }: VerifyWords): void => {
  if (targets.length > 0 || mx.length + srv.length === 0) return;
  const [option, needs] = entries
    ? ["--entry", "a host name"]
    : ports && mx.length === 0
      ? ["--port", "a host name or --mx"]
      : [];
  if (option === undefined) return;
  throw new Failure(
    "usage",
    `${option} means nothing with ${mx.length > 0 ? "--mx" : "--srv"} alone: DNS says what is looked at`,
    {
      hints: [`${option} goes with ${needs}; or leave it out`],
    },
  );
};
