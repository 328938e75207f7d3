"use strict";
(() => {
  const region = document.getElementById("state");
  const offer = document.getElementById("offer");

  // Shows a state; whether it is the last.
  const show = (state) => {
    const template = document.querySelector(`template[data-state="${CSS.escape(state)}"]`);
    if (!template) return false;
    // The server shows the rest.
    if ("reload" in template.dataset) {
      location.reload();
      return true;
    }
    const final = "final" in template.dataset;
    const focused = offer.contains(document.activeElement);
    // What was said already is not said again.
    if (region.dataset.state === state) return final;
    region.dataset.state = state;
    region.replaceChildren(template.content.cloneNode(true));
    if (final) {
      document.title = region.querySelector("h2").textContent;
      offer.hidden = true;
      document.querySelector("footer").hidden = true;
      if (focused) region.focus();
    }
    return final;
  };

  const source = new EventSource(`${location.pathname}/events`);
  const end = () => {
    source.close();
    show("ended");
  };
  source.addEventListener("state", (event) => {
    if (show(event.data)) source.close();
  });
  source.addEventListener("end", end);
  source.addEventListener("error", () => {
    // The browser asks again by itself unless it was refused.
    if (source.readyState === EventSource.CLOSED) end();
  });
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
