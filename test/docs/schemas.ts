// The schemas of docs/schema, compiled: what every --json document is held against.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

const folder = join(import.meta.dirname, "../../docs/schema");

export const schemaFiles = readdirSync(folder).filter((file) => file.endsWith(".json"));

export const readSchema = (file: string): object => JSON.parse(readFileSync(join(folder, file), "utf8")) as object;

// References between files (`common.json#/$defs/finding`) are resolved by file name, as a validator in that folder would.
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
for (const file of schemaFiles) ajv.addSchema(readSchema(file), file);

const validatorOf = (document: object): ValidateFunction => {
  const name = /^mailcert\.([a-z-]+)\/1$/.exec((document as { schema?: string }).schema ?? "")?.[1];
  const validate = name === undefined ? undefined : ajv.getSchema(`${name}.json`);
  if (!validate) throw new Error(`there is no schema for ${JSON.stringify((document as { schema?: string }).schema)}`);
  return validate;
};

/** What is wrong with a document, by the schema that it names itself; empty: nothing. It is judged as users get it: as JSON text. */
export const complaints = (document: object): readonly string[] => {
  const asText = JSON.parse(JSON.stringify(document)) as object;
  const validate = validatorOf(asText);
  if (validate(asText)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || "/"} ${message ?? ""} ${JSON.stringify(params)}`,
  );
};
