// The checks that there are, with what each looks at: what --check and --skip choose from.
import { checks } from "../checks/index.ts";

export const checkSummaries = (): readonly (readonly [id: string, summary: string])[] =>
  checks.map(({ id, summary }) => [id, summary]);
