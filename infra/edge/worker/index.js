// The worker in front of every host of the zone. Language hosts are answered by the frontend, all
// others by what their DNS record leads to.

const LANGUAGES = new Set(["de", "en", "es", "fr", "hi", "ta"]);

export default {
  /**
   * @param {Request} request
   * @param {{ DOMAIN: string, FRONTEND_DOMAIN: string }} env
   * @returns {Promise<Response>}
   */
  async fetch(request, env) {
    const url = new URL(request.url);
    const label = url.hostname.slice(0, -(env.DOMAIN.length + 1));
    if (url.hostname === `${label}.${env.DOMAIN}` && LANGUAGES.has(label)) {
      url.hostname = env.FRONTEND_DOMAIN;
      return fetch(new Request(url, request));
    }
    return fetch(request);
  },
};
