/** `text` without the query strings of presigned URLs, and without API keys. */
export function withoutSecrets(text) {
  return text.replace(/\?X-Amz-[^"\s<]*/g, '?…').replace(/slip_[A-Za-z0-9_-]+/g, 'slip_…')
}
