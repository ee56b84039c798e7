/** Only there because a bucket is somebody's: nothing calls it. */
export default { fetch: () => new Response(null, { status: 404 }) }
