import type { Context } from 'hono'

/** Whether a browser asks for something to show. */
export function asksForPage(c: Context): boolean {
  const { method } = c.req
  return (method === 'GET' || method === 'HEAD') && /\btext\/html\b/i.test(c.req.header('accept') ?? '')
}

/** The page on which people upload under a grant. Its script, from src/web/grant/, reads the token from the address. */
const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Upload</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/grant-styles.css">
<script type="module" src="/grant.js"></script>
<main id="upload"><noscript>This page needs JavaScript. To upload without it, send a PUT with the file to this address, a slash and the file's name.</noscript></main>
</html>
`

/** Answers with the page. It may load its own files, and talk to the gateway and to the store, and nothing else. */
export function answerPage(c: Context, storeOrigin: string): Response {
  const sources = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self' data:",
    'connect-src': `'self' ${storeOrigin}`,
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  }
  return c.html(page, 200, {
    'content-security-policy': Object.entries(sources)
      .map(([name, values]) => `${name} ${values}`)
      .join('; '),
    'x-content-type-options': 'nosniff',
    vary: 'Accept',
  })
}
