// Passkeys: forms marked data-passkey ("sign-in", "use", "add") let the browser fill their field "credential", then go to
// the server. They stay hidden without JavaScript and in browsers that know no passkeys. No form is sent by htmx.

const known = typeof PublicKeyCredential !== "undefined";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const keys = (list = []) => list.map((key) => ({ ...key, id: bytes(key.id) }));

async function sign(options) {
  const { publicKey } = options;
  const credential = await navigator.credentials.get({
    publicKey: { ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: keys(publicKey.allowCredentials) },
  });
  const { authenticatorData, clientDataJSON, signature, userHandle } = credential.response;
  return packed(credential, {
    authenticatorData: text(authenticatorData),
    clientDataJSON: text(clientDataJSON),
    signature: text(signature),
    userHandle: userHandle ? text(userHandle) : null,
  });
}

async function create(options) {
  const { publicKey } = options;
  const credential = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytes(publicKey.challenge),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
      excludeCredentials: keys(publicKey.excludeCredentials),
    },
  });
  const { attestationObject, clientDataJSON } = credential.response;
  return packed(credential, { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON) });
}

function packed(credential, response) {
  return {
    type: credential.type,
    id: credential.id,
    rawId: text(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function challenge(form) {
  const given = document.getElementById("passkey-options");
  if (given) return JSON.parse(given.textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`No challenge: ${answer.status}`);
  return (await answer.json()).request_options;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !known;
  const failed = form.querySelector("[data-passkey-failed]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.textContent = "";
    try {
      const options = await challenge(form);
      const credential = form.dataset.passkey === "add" ? await create(options) : await sign(options);
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch {
      // The person closed the browser's dialog, or the device has no such passkey: browsers do not tell which.
      failed.textContent = failed.dataset.passkeyFailed;
    }
  });
}
for (const note of document.querySelectorAll("[data-passkey-missing]")) note.hidden = known;
