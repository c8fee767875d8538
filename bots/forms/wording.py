"""Every sentence that a customer reads on the contact form, in each language of the pages.

Kept apart from the colleagues' catalogue: these pages speak for the brand, to people who are no members.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Words:
    """The texts of one language; ``{name}`` stands for a value that the caller fills in with ``str.format``."""

    language: str
    name_of_language: str
    other_languages: str

    form_title: str
    form_intro: str
    name: str
    email: str
    email_hint: str
    subject: str
    message: str
    message_hint: str
    optional: str
    trap: str
    send: str

    conversation_title: str
    about: str
    waiting: str
    answered: str
    keep_link: str
    own_window: str
    reload: str
    from_customer: str
    write_again: str
    not_shown: str

    problem_title: str
    error_mark: str
    check_fields: str
    missing_name: str
    missing_email: str
    missing_message: str
    too_long_name: str
    too_long_subject: str
    too_long_email: str
    too_long_message: str
    bad_email: str
    several_lines: str
    unshowable: str
    not_text: str
    too_quick: str
    trap_filled: str
    too_often: str
    too_large: str
    not_utf8: str
    not_json: str
    not_form: str
    wrong_type: str
    bad_key: str
    unavailable: str
    no_form: str
    no_conversation: str
    your_text: str


ENGLISH: Final = Words(
    language="en",
    name_of_language="English",
    other_languages="Other languages",
    form_title="Write to {brand}",
    form_intro="Your message is private: only {brand} reads it. The answer appears on a page of your own.",
    name="Your name",
    email="Your e-mail address",
    email_hint="So that we know who is writing. We do not publish it.",
    subject="Subject",
    message="Your message",
    message_hint="Up to {limit} characters.",
    optional="(optional)",
    trap="Leave this field empty",
    send="Send",
    conversation_title="Your conversation with {brand}",
    about="Subject:",
    waiting="We have your message. The answer will appear on this page.",
    answered="{brand} has answered you.",
    keep_link="Keep the address of this page: whoever has it can read this conversation.",
    own_window="Open the conversation in a window of its own",
    reload="Look for an answer",
    from_customer="You",
    write_again="Write again",
    not_shown="The conversation cannot be shown at the moment.",
    problem_title="There is a problem",
    error_mark="Error: {title}",
    check_fields="Please correct what is marked and send again.",
    missing_name="Write your name.",
    missing_email="Write your e-mail address.",
    missing_message="Write your message.",
    too_long_name="Shorten your name to {limit} characters; it has {length}.",
    too_long_subject="Shorten the subject to {limit} characters; it has {length}.",
    too_long_email="This e-mail address is longer than {limit} characters. Check it, please.",
    too_long_message="Shorten your message to {limit} characters; it has {length}.",
    bad_email="Write an e-mail address such as ada@example.org, with one @ and without spaces.",
    several_lines="Write this on one line.",
    unshowable="Remove the invisible control character ({code}) and send again.",
    not_text="This must be a text.",
    too_quick="That was faster than people write. Wait a few seconds, then send again.",
    trap_filled="A hidden field was filled in, as programs do. It is empty now, your text is still here: send again.",
    too_often=(
        "Too many messages came from your connection. Wait {seconds} seconds, then send again; your text is still here."
    ),
    too_large="Your message is too large to be received. Go back, shorten it and send again.",
    not_utf8="The text did not arrive as UTF-8. Check the marked characters and send again.",
    not_json='The body is not a JSON object with "name", "email", "subject" and "message".',
    not_form="The form could not be read. Check your text and send again.",
    wrong_type="Send the message as application/json or application/x-www-form-urlencoded, in UTF-8.",
    bad_key="Idempotency-Key must be 1 to 255 printable ASCII characters.",
    unavailable="Your message could not be stored now. Wait half a minute, then send again; your text is still here.",
    no_form="There is no contact form at this address. Check the link.",
    no_conversation="There is no conversation at this address. Check that the link is complete.",
    your_text="Your text, to copy",
)

ITALIAN: Final = Words(
    language="it",
    name_of_language="Italiano",
    other_languages="Altre lingue",
    form_title="Scrivi a {brand}",
    form_intro="Il tuo messaggio è privato: lo legge solo {brand}. La risposta compare su una pagina tutta tua.",
    name="Il tuo nome",
    email="Il tuo indirizzo e-mail",
    email_hint="Per sapere chi ci scrive. Non lo pubblichiamo.",
    subject="Oggetto",
    message="Il tuo messaggio",
    message_hint="Al massimo {limit} caratteri.",
    optional="(facoltativo)",
    trap="Lascia vuoto questo campo",
    send="Invia",
    conversation_title="La tua conversazione con {brand}",
    about="Oggetto:",
    waiting="Abbiamo ricevuto il tuo messaggio. La risposta comparirà su questa pagina.",
    answered="{brand} ti ha risposto.",
    keep_link="Conserva l'indirizzo di questa pagina: chi lo possiede può leggere la conversazione.",
    own_window="Apri la conversazione in una finestra propria",
    reload="Guarda se c'è una risposta",
    from_customer="Tu",
    write_again="Scrivi ancora",
    not_shown="In questo momento non è possibile mostrare la conversazione.",
    problem_title="C'è un problema",
    error_mark="Errore: {title}",
    check_fields="Correggi ciò che è segnato e invia di nuovo.",
    missing_name="Scrivi il tuo nome.",
    missing_email="Scrivi il tuo indirizzo e-mail.",
    missing_message="Scrivi il tuo messaggio.",
    too_long_name="Accorcia il nome a {limit} caratteri; ne ha {length}.",
    too_long_subject="Accorcia l'oggetto a {limit} caratteri; ne ha {length}.",
    too_long_email="Questo indirizzo e-mail supera i {limit} caratteri. Controllalo, per favore.",
    too_long_message="Accorcia il messaggio a {limit} caratteri; ne ha {length}.",
    bad_email="Scrivi un indirizzo e-mail come ada@example.org, con una sola @ e senza spazi.",
    several_lines="Scrivi tutto su una riga.",
    unshowable="Togli il carattere di controllo invisibile ({code}) e invia di nuovo.",
    not_text="Qui serve un testo.",
    too_quick="Nessuno scrive così in fretta. Aspetta qualche secondo e invia di nuovo.",
    trap_filled="Un campo nascosto era compilato: lo fanno i programmi. Ora è vuoto, il testo resta: invia di nuovo.",
    too_often=(
        "Dalla tua connessione sono arrivati troppi messaggi. Aspetta {seconds} secondi e invia di nuovo; "
        "il tuo testo è ancora qui."
    ),
    too_large="Il messaggio è troppo grande per essere ricevuto. Torna indietro, accorcialo e invia di nuovo.",
    not_utf8="Il testo non è arrivato in UTF-8. Controlla i caratteri segnati e invia di nuovo.",
    not_json='Il contenuto non è un oggetto JSON con "name", "email", "subject" e "message".',
    not_form="Non è stato possibile leggere il modulo. Controlla il testo e invia di nuovo.",
    wrong_type="Invia il messaggio come application/json o application/x-www-form-urlencoded, in UTF-8.",
    bad_key="Idempotency-Key deve avere da 1 a 255 caratteri ASCII stampabili.",
    unavailable=(
        "In questo momento non è stato possibile salvare il messaggio. Aspetta mezzo minuto e invia di nuovo; "
        "il tuo testo è ancora qui."
    ),
    no_form="A questo indirizzo non c'è un modulo di contatto. Controlla il link.",
    no_conversation="A questo indirizzo non c'è una conversazione. Controlla che il link sia completo.",
    your_text="Il tuo testo, da copiare",
)

WORDS: Final[Mapping[str, Words]] = {words.language: words for words in (ENGLISH, ITALIAN)}
