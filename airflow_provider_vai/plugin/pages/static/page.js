// Makes the pages more convenient. Each of them works without it: every action is a plain form or link.
"use strict";
(() => {
  const host = (() => {
    try {
      return parent !== window && parent.document ? parent : null;
    } catch {
      return null;
    }
  })();

  // Links to pages of Airflow open in Airflow itself, without loading it again.
  function openInAirflow(event) {
    const link = event.target.closest?.("a[data-airflow]");
    if (!link || !host || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const address = new URL(link.dataset.airflow || link.getAttribute("href"), location.href);
    host.history.pushState(null, "", address.pathname + address.search);
    host.dispatchEvent(new host.PopStateEvent("popstate"));
  }

  // Airflow before 3.3.2 does not show this page's place in its own address; later versions do it themselves.
  // The frame's first page follows the rest of the address; each later one writes its place there.
  function keepPlace() {
    if (!host || !window.frameElement) return;
    const isFirst = !window.frameElement.dataset.vai;
    window.frameElement.dataset.vai = "opened";
    const path = host.location.pathname;
    const [, start, wanted] = path.match(/^(.*\/plugin\/vai)(\/.*)?$/) ?? [];
    if (!start) return;
    const pages = `${new URL(document.body.dataset.up, location.href).pathname}ui/`; // with Airflow's own prefix
    if (isFirst && wanted?.startsWith(pages)) {
      const asked = wanted + host.location.search;
      if (asked !== location.pathname + location.search) {
        location.replace(asked);
        return;
      }
    }
    const here = `${start}${location.pathname}${location.search}`;
    if (here !== path + host.location.search) host.history.replaceState(host.history.state, "", here);
  }

  function showTimesHere() {
    const format = new Intl.DateTimeFormat(host?.document.documentElement.lang || undefined, {
      dateStyle: "medium", timeStyle: "short",
    });
    for (const element of document.querySelectorAll("time[datetime]")) {
      const at = new Date(element.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      element.title = element.dateTime;
      element.textContent = format.format(at);
    }
  }

  // A second click while a form is on its way does nothing.
  function sendOnce(event) {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  }

  function copyText(event) {
    const button = event.target.closest?.("button[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    navigator.clipboard?.writeText(source.value ?? source.textContent).then(() => {
      button.textContent = "Copied";
    });
  }

  // "3 of 7 reviewed", and a tick for all.
  function countTicks(form) {
    const ticks = [...form.querySelectorAll("input[type=checkbox][data-tick]")];
    const shown = form.querySelector("[data-ticked]");
    const all = form.querySelector("input[data-tick-all]");
    const update = () => {
      const count = ticks.filter((tick) => tick.checked).length;
      if (shown) shown.textContent = `${count} of ${ticks.length}`;
      if (all) all.checked = count === ticks.length;
    };
    if (all) all.closest("[hidden]")?.removeAttribute("hidden");
    form.addEventListener("change", (event) => {
      if (event.target === all) for (const tick of ticks) tick.checked = all.checked;
      update();
    });
    update();
  }

  // A file that is dropped on the form is sent at once.
  function takeDrops(form) {
    form.addEventListener("dragover", (event) => event.preventDefault());
    form.addEventListener("drop", (event) => {
      const file = event.dataTransfer.files[0];
      if (!file) return;
      event.preventDefault();
      const one = new DataTransfer();
      one.items.add(file);
      form.querySelector("input[type=file]").files = one.files;
      form.requestSubmit();
    });
  }

  document.addEventListener("click", openInAirflow);
  document.addEventListener("click", copyText);
  document.addEventListener("submit", sendOnce);
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
  for (const form of document.querySelectorAll("form[data-ticks]")) countTicks(form);
  for (const form of document.querySelectorAll("form[data-drop]")) takeDrops(form);
  showTimesHere();
  keepPlace();
})();
