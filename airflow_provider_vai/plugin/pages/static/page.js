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
    const marker = "/plugin/vai/";
    const path = host.location.pathname;
    const at = path.indexOf(marker);
    if (at < 0) return;
    const up = new URL(document.body.dataset.up, location.href).pathname;
    const wanted = path.slice(at + marker.length);
    if (isFirst && wanted.startsWith("vai/ui/")) {
      const asked = up + wanted.slice("vai/".length) + host.location.search;
      if (asked !== location.pathname + location.search) {
        location.replace(asked);
        return;
      }
    }
    const here = path.slice(0, at + marker.length) + "vai/" + location.pathname.slice(up.length) + location.search;
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

  // An answer to a gate goes to Airflow itself, question by question; the card says what became of it.
  async function sendAnswer(event) {
    const form = event.target;
    if (form.dataset.answer === undefined) return;
    event.preventDefault();
    if (form.dataset.sent) return;
    const outcome = form.querySelector(".outcome");
    const say = (text, kind) => {
      outcome.className = `outcome notice ${kind}`;
      outcome.textContent = text;
    };
    const decision = event.submitter?.value;
    const given = new FormData(form);
    const stamps = [...given.getAll("question"), ...given.getAll("entry")];
    if (!stamps.length) return say("Tick the questions to answer.", "warning");
    const note = given.get("note").trim();
    const answer = note ? { note } : {};
    for (const field of decision === "approve" ? form.elements : []) {
      if (!field.name.startsWith("edit.") || field.value === startOf(field)) continue;
      try {
        answer[field.name.slice(5)] = field.dataset.json === undefined ? field.value : JSON.parse(field.value);
      } catch {
        field.focus();
        return say(`${field.labels[0].firstChild.textContent}: this is not a value in JSON.`, "danger");
      }
    }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
    say("Sending…", "");
    const body = JSON.stringify({ chosen_options: [decision === "approve" ? "Approve" : "Reject"], params_input: answer });
    const failed = [];
    for (const stamp of stamps) {
      const [index, digest] = stamp.split(" ");
      const problem = await answerOne(`${form.dataset.answer}${index}/hitlDetails`, digest, body);
      if (problem) failed.push(stamps.length > 1 ? `Map index ${index}: ${problem}` : problem);
    }
    form.removeAttribute("aria-busy");
    if (failed.length) {
      delete form.dataset.sent;
      return say(failed.join(" "), "danger");
    }
    for (const field of form.elements) field.disabled = true;
    say(decision === "approve" ? "Approved: the run goes on." : "Rejected: the steps do not run.", "ok");
  }

  function startOf(field) {
    return field.options ? [...field.options].find((one) => one.defaultSelected)?.value : field.defaultValue;
  }

  // Returns why a question was not answered, or nothing. A question that changed since the page was made is not.
  async function answerOne(address, digest, body) {
    try {
      const asked = await fetch(address);
      if (asked.ok && !((await asked.json()).body ?? "").endsWith(`sha256 \`${digest}\``) && digest) {
        return "The question has changed since you opened the page. Load the page again and read it.";
      }
      const answer = await fetch(address, {
        method: "PATCH", headers: { "Content-Type": "application/json" }, body,
      });
      if (answer.ok) return "";
      const why = (await answer.json().catch(() => ({}))).detail;
      if (answer.status === 409) return "Somebody has answered it already. Load the page again.";
      if (answer.status === 401) return "You are signed out. Log in to Airflow and answer again.";
      return typeof why === "string" ? why : `Airflow refused the answer (${answer.status}).`;
    } catch {
      return "Airflow cannot be reached. Your answer may not have arrived: load the page again.";
    }
  }

  document.addEventListener("submit", sendAnswer);
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
