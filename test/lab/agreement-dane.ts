// Deployments with TLSA records that independent judges are asked about: what is published and served, and what a sender makes of it.
import { anchorDeployments } from "./dane-anchors.ts";
import type { DaneDeployment } from "./dane-deployment.ts";
import { keyDeployments } from "./dane-keys.ts";
import { recordDeployments } from "./dane-records.ts";

export const daneDeployments: readonly DaneDeployment[] = [
  ...keyDeployments,
  ...anchorDeployments,
  ...recordDeployments,
];
