// The registry of checks, in the order in which findings are listed: one line each.
import { earlyData } from "./0rtt.ts";
import { alpn } from "./alpn.ts";
import { certCaa } from "./cert-caa.ts";
import { certChain } from "./cert-chain.ts";
import { certDisk } from "./cert-disk.ts";
import { certDual } from "./cert-dual.ts";
import { certEku } from "./cert-eku.ts";
import { certExpect } from "./cert-expect.ts";
import { certExpiry } from "./cert-expiry.ts";
import { certForm } from "./cert-form.ts";
import { certKey } from "./cert-key.ts";
import { certLife } from "./cert-life.ts";
import { certName } from "./cert-name.ts";
import { certNameCsr } from "./cert-name-csr.ts";
import { certRevoke } from "./cert-revoke.ts";
import { certSame } from "./cert-same.ts";
import { certTrust } from "./cert-trust.ts";
import type { Check } from "./check.ts";
import { ciphBroken } from "./ciph-broken.ts";
import { ciphGood } from "./ciph-good.ts";
import { ciphPhase } from "./ciph-phase.ts";
import { ciphWeak } from "./ciph-weak.ts";
import { clientRefuses } from "./client-refuses.ts";
import { comp } from "./comp.ts";
import { daneMatch } from "./dane-match.ts";
import { daneNxdomain } from "./dane-nxdomain.ts";
import { daneRoll } from "./dane-roll.ts";
import { daneSec } from "./dane-sec.ts";
import { daneTa } from "./dane-ta.ts";
import { daneUsage } from "./dane-usage.ts";
import { ems } from "./ems.ts";
import { implicit } from "./implicit.ts";
import { kexBigch } from "./kex-bigch.ts";
import { kexDh } from "./kex-dh.ts";
import { kexEc } from "./kex-ec.ts";
import { kexPq } from "./kex-pq.ts";
import { mxHost } from "./mx-host.ts";
import { netEqual } from "./net-equal.ts";
import { netReach } from "./net-reach.ts";
import { renegCli } from "./reneg-cli.ts";
import { renegSec } from "./reneg-sec.ts";
import { sigHash } from "./sig-hash.ts";
import { sni } from "./sni.ts";
import { srvTarget } from "./srv-target.ts";
import { stAdv } from "./st-adv.ts";
import { stAuthClear } from "./st-auth-clear.ts";
import { stCaps } from "./st-caps.ts";
import { stCmdInj } from "./st-cmd-inj.ts";
import { stEnforced } from "./st-enforced.ts";
import { stPreauth } from "./st-preauth.ts";
import { stRefused } from "./st-refused.ts";
import { stRespInj } from "./st-resp-inj.ts";
import { stsMx } from "./sts-mx.ts";
import { stsPolicy } from "./sts-policy.ts";
import { tlsHandshake } from "./tls-handshake.ts";
import { ver12 } from "./ver-12.ts";
import { ver13 } from "./ver-13.ts";
import { verLegacy } from "./ver-legacy.ts";
import { wrapMisuse } from "./wrap-misuse.ts";

export const checks: readonly Check[] = [
  netReach,
  wrapMisuse,
  stAdv,
  stRefused,
  stPreauth,
  stRespInj,
  stCmdInj,
  stAuthClear,
  stEnforced,
  stCaps,
  tlsHandshake,
  verLegacy,
  ver12,
  ver13,
  ciphBroken,
  ciphWeak,
  ciphPhase,
  ciphGood,
  kexDh,
  kexEc,
  kexPq,
  kexBigch,
  renegSec,
  renegCli,
  comp,
  ems,
  earlyData,
  alpn,
  certForm,
  certDisk,
  certExpect,
  certName,
  certNameCsr,
  sni,
  certTrust,
  certChain,
  certExpiry,
  certLife,
  certRevoke,
  certKey,
  sigHash,
  certEku,
  clientRefuses,
  certCaa,
  daneMatch,
  daneTa,
  daneUsage,
  daneSec,
  daneNxdomain,
  daneRoll,
  stsMx,
  certSame,
  certDual,
  implicit,
  netEqual,
  mxHost,
  stsPolicy,
  srvTarget,
];
