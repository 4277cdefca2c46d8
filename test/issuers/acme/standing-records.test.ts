// A record that stays in DNS: one line in the run's output, and in the log what it is and how to take it back.
import { expect, it } from "vitest";
import { standingRecords } from "../../../src/issuers/acme/standing-records.ts";

const published = { record: '_validation-persist.mail.example.org. IN TXT "x"', zone: "example.org", updater: "ns1" };

it("is written into the log with its undo, then said", async () => {
  const notes: string[] = [];
  const logged: unknown[] = [];
  const record = async (change: unknown): Promise<void> => {
    expect(notes).toEqual([]);
    logged.push(change);
  };
  await standingRecords({ record }, notes)(published);
  expect(logged).toEqual([
    {
      what: 'publishes in example.org (ns1), to stay: _validation-persist.mail.example.org. IN TXT "x"',
      undo: expect.stringContaining("take the record away from example.org") as string,
    },
  ]);
  expect(notes).toEqual([
    expect.stringContaining('published in example.org (ns1): _validation-persist.mail.example.org. IN TXT "x"'),
  ]);
});

it("without a log it is said all the same", async () => {
  const notes: string[] = [];
  await standingRecords({}, notes)(published);
  expect(notes).toHaveLength(1);
});
