// The page for failures. It needs nothing from anywhere else, which may be down as well.

const TEXTS = {
  de: {
    title: "Wir sind gleich zurück",
    text: "serlo.org ist gerade nicht erreichbar. Bitte versuche es in ein paar Minuten erneut.",
    wrong: "Diese Adresse gibt es nicht",
    wrongText: "Bitte prüfe, ob die Adresse richtig geschrieben ist.",
    number: "Nummer der Anfrage",
  },
  en: {
    title: "We will be back in a moment",
    text: "serlo.org cannot be reached right now. Please try again in a few minutes.",
    wrong: "There is no such address",
    wrongText: "Please check whether the address is spelled correctly.",
    number: "Number of the request",
  },
};

/**
 * @param {number} status
 * @param {string | null} languages the header Accept-Language
 * @param {string} requestId
 */
export function page(status, languages, requestId) {
  const language = languages === null || /^\s*de\b/i.test(languages) ? "de" : "en";
  const texts = TEXTS[language];
  const [title, text] =
    status < 500 ? [texts.wrong, texts.wrongText] : [texts.title, texts.text];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} – serlo.org</title>
<style>
body { margin: 0; font-family: Karla, system-ui, sans-serif; color: #333; background: #eff7fb; }
main { max-width: 36rem; margin: 15vh auto 0; padding: 0 1.5rem; }
header { color: #007ec1; font-size: 1.75rem; font-weight: bold; }
h1 { font-size: 1.5rem; }
small { color: #666; }
</style>
</head>
<body>
<main>
<header>Serlo</header>
<h1>${title}</h1>
<p>${text}</p>
<small>${status} · ${texts.number}: ${requestId}</small>
</main>
</body>
</html>
`;
}
