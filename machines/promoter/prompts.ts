/** What the model is. */
export const ROLE = 'You help a small company that writes plug-ins for online shops. Be concrete and brief.'

/** The six questions of the summary, by topic. */
export const BRIEFS: Readonly<Record<string, string>> = {
  sold: 'What is sold in this shop?',
  tone: 'What is the tone of the shop, and how does it speak to its customers?',
  values: 'Which values does the shop stand for?',
  themes: 'Which themes come back on the page?',
  praise: 'What about this shop deserves praise?',
  notable: 'What else is notable about the shop, its service or its delivery?',
}

type Summary = Readonly<Record<string, string>>
type Idea = { readonly name: string; readonly concept: string }
type Report = Idea & { readonly rationale: string }
type Mail = { readonly subject_line: string; readonly body: string }
type PageDetails = { readonly name: string; readonly products: readonly string[] }

/** One line a topic. */
function lines(summary: Summary): string {
  return Object.entries(summary)
    .map(([topic, answer]) => `${topic}: ${answer}`)
    .join('\n')
}

function document(text: string): string {
  return `\n\nDocument:\n"""\n${text}\n"""`
}

/** The prompts before the mail, as functions of what they are about. */
export const prompts = {
  summary: (text: string, question: string, advice: string): string =>
    `${question} Answer in two sentences.${advice}${document(text)}`,
  ideas: (summary: Summary): string =>
    `Think of three to five different plug-ins that would help this shop. Give each a short name and its concept.${document(lines(summary))}`,
  choice: (ideas: readonly Idea[], summary: Summary): string =>
    `Choose the plug-in that fits the shop best:\n${ideas.map((idea) => `- ${idea.name}: ${idea.concept}`).join('\n')}${document(lines(summary))}`,
  report: (idea: Idea, summary: Summary): string =>
    `Write a report on the plug-in "${idea.name}" (${idea.concept}): its name, its concept, and the rationale for this shop.${document(lines(summary))}`,
  gate: (mail: Mail, report: Report): string =>
    `Is this mail good: does it name the plug-in ${report.name}, speak of the shop, and stay concise? If not, say what to improve.${document(`${mail.subject_line}\n\n${mail.body}`)}`,
} as const

/** Whether one idea can be built. */
export function judgePrompt(idea: Idea, summary: Summary): string {
  return `Can the plug-in "${idea.name}" (${idea.concept}) be built with what the shop has?${document(lines(summary))}`
}

/** The three calls of the mail, each building on the ones before. */
export function mailPrompts(report: Report, page: PageDetails) {
  const about = `Plug-in: ${report.name}\n${report.concept}\n${report.rationale}\nShop: ${page.name}\nProducts: ${page.products.join(', ')}`
  return {
    strategy: (): string =>
      `What should a mail to the owner of ${page.name} say first, to win them for this plug-in? Answer in two sentences.${document(about)}`,
    subject: (strategy: string): string =>
      `Write one subject line of at most nine words for that mail. Strategy: ${strategy}${document(about)}`,
    body: (strategy: string, subject: string): string =>
      `Write the body of the mail with the subject "${subject}", to the owner of ${page.name}, in six sentences. Strategy: ${strategy}${document(about)}`,
  }
}

/** What a mail that was sent back should do better, as a part of the next prompts. */
export function adviceOn(improve: string): string {
  return ` An earlier mail was not good enough: ${improve}`
}
