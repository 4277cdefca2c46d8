// What an API says in an error reply, in one line fit to print: the shapes of all providers, and what to make of pages that are no API's.
import { clean } from "../../domain/text.ts";

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const sentence = (value: unknown): string | undefined => {
  if (typeof value === "string") return value;
  if (!isRecord(value) || typeof value["message"] !== "string") return undefined;
  const { code, message } = value;
  return typeof code === "string" || typeof code === "number" ? `${message} (${code})` : message;
};

/** `{error: "…"}`, `{error: {code, message}}`, `{errors: [{code, message}]}`, `{detail: "…"}`; else the JSON itself. */
const described = (data: unknown): string => {
  if (isRecord(data)) {
    const listed = Array.isArray(data["errors"]) ? data["errors"].flatMap((one) => sentence(one) ?? []) : [];
    const said = sentence(data["error"]) ?? sentence(data["detail"]) ?? sentence(data["message"]);
    const all = said === undefined ? listed : [said, ...listed];
    if (all.length > 0) return all.join("; ");
  }
  return JSON.stringify(data) ?? "";
};

const looksLikePage = (text: string): boolean => /^\s*<(?:!doctype|html|\?xml)/i.test(text);

/** @param data undefined where `text` is no JSON. */
export const detailOf = (data: unknown, text: string): string => {
  if (data !== undefined) return clean(described(data), 300);
  if (looksLikePage(text)) return "an HTML page, no API's answer";
  return clean(text, 200);
};
