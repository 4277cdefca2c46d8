// What a webhook gets: docs/schema/news.json. `text` is for chats that show one field of it (Slack, Mattermost, Rocket.Chat).
import { type NewsReport, newsSubject, newsText } from "./news-text.ts";
import { clean } from "./text.ts";

export const newsDocument = (report: NewsReport): object => {
  const { host, at, run, news, open, test } = report;
  return {
    schema: "mailcert.news/1",
    text: `${newsSubject(report)}\n\n${newsText(report)}`,
    host,
    at: at.toISOString(),
    run,
    ...(test ? { test } : {}),
    news: news.map(({ kind, cause: { check, certificate, entry, severity, message, hint, since } }) => ({
      kind,
      check,
      severity,
      ...(certificate === "" ? {} : { certificate }),
      ...(entry === "" ? {} : { entry }),
      message: clean(message, 2000),
      ...(hint === undefined ? {} : { hint: clean(hint, 1000) }),
      since,
    })),
    open,
  };
};
