// What root gives a daemon in its environment: values of a unit and of /etc/default, as systemd and a shell read them.
import { expect, it } from "vitest";
import { assignments } from "../../src/servers/assignments.ts";

it("values as they stand, in quotes of either kind; what a shell would work out is none", () => {
  expect(
    assignments(`CERTS=/etc/ssl/mail
export VIP="192.0.2.1"
 NAME='two words'
OTHER=$CERTS/x
RUN=\`id\`
EMPTY=
`),
  ).toEqual({ CERTS: "/etc/ssl/mail", VIP: "192.0.2.1", NAME: "two words", EMPTY: "" });
  // As `systemctl show -p Environment` has them.
  expect(assignments('A=1 "B=two" C="x y" D=/p')).toMatchObject({ A: "1", C: "x y", D: "/p" });
});
