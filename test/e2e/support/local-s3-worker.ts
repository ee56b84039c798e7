/** Only there because a bucket needs a Worker: it is never called. */
export default { fetch: () => new Response(null, { status: 404 }) }
