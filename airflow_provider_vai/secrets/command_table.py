"""The places where command-line tools take credentials, as their manuals name them: one table, one line a place."""

from __future__ import annotations

from airflow_provider_vai.secrets.patterns import deferred

TABLE = r"""
mysql|mysqldump|mysqladmin|mysqlimport|mysqlshow|mysqlcheck|mysqlpump|mysqlslap|mysqlbinlog|mysqlsh|mycli -p*
mariadb|mariadb-dump|mariadb-admin|mariadb-import|mariadb-check|mariadb-backup|xtrabackup|innobackupex -p*
mysqladmin|mariadb-admin password *
sshpass -p *
sshpass -p*
redis-cli|redis-benchmark|valkey-cli|keydb-cli -a|--pass *
redis-cli|valkey-cli (?i:requirepass|masterauth) *
redis-cli|valkey-cli AUTH *
docker|podman|nerdctl|buildah|skopeo|crane|oras|helm|regctl|flux|cosign login -p *
docker|podman|nerdctl|buildah|skopeo|crane|oras|helm|regctl|oc|cf|ibmcloud login -p*
oc|cf|az|ibmcloud|cloudctl|argocd|kubelogin|tkn|nomad|jf|jfrog|bx|mattermost|mmctl login -p *
mongosh|mongo|mongodump|mongorestore|mongoexport|mongoimport|mongostat|mongotop -p *
mongosh|mongo|mongodump|mongorestore|mongoexport|mongoimport -p*
twine|cqlsh|nodetool|psexec|psexec64|paexec|superset|nxc|netexec|crackmapexec|evil-winrm|arangosh -p *
ncftp|ncftpget|ncftpput -p *
airflow|superset|flask (?:users|fab) -p *
useradd|usermod -p *
ansible|ansible-playbook|ansible-vault encrypt_string *
unzip|zip|zipcloak -\w*P *
sqlcmd|bcp|osql|mosquitto_pub|mosquitto_sub|mosquitto_rr|ipmitool|tsql|freebcp -P *
sqlcmd|bcp|osql|unzip|zip|mosquitto_pub|mosquitto_sub|ipmitool|tsql -P*
mosquitto_passwd -\w*b\w* ? ? *
7z|7za|7zz|7zr|rar|unrar -p*
rar -hp*
gpg|gpg2 --passphrase *
keytool|jarsigner|apksigner -storepass|-keypass|-new|-srcstorepass|-deststorepass *
openssl -pass|-passin|-passout|-passcerts|-srcpass|-destpass pass:*
openssl enc -k|-K *
openssl passwd *
pdftk !input_pw|user_pw|owner_pw *
qpdf --encrypt *
qpdf --encrypt ? *
plink|pscp|psftp|pageant|kitty|winscp -pw *
xfreerdp|xfreerdp3|wfreerdp|sdl-freerdp /p:*
rdesktop|vncviewer|x11vnc|tightvnc -p|-passwd|-password *
cmdkey|runas /pass:*
winrs -p:*
schtasks !/rp|/RP|/p|/P *
net|net1 (?i:user) ? *
net|net1 (?i:use) ? ? *
convertto-securestring (?i:-asplaintext) *
ldapsearch|ldapadd|ldapmodify|ldapdelete|ldapwhoami|ldapcompare|ldapmodrdn|ldappasswd|dsconf -\w*w *
ldapsearch|ldapadd|ldapmodify|ldapdelete|ldapwhoami|ldappasswd -w*
ldappasswd -s *
htpasswd -\w*b\w* ? ? *
htpasswd -\w*n\w* -\w*b\w* ? *
rabbitmqctl add_user|change_password|authenticate_user ? *
nmcli !password|wifi-sec\.psk|802-11-wireless-security\.psk *
wpa_passphrase ? *
networksetup -setairportnetwork ? ? *
smbclient|smbget|rpcclient|smbmap|smbtree|net -U|--user ?%*
smbclient|rpcclient|smbget -U?%*
lftp -u|--user ?,*
http|https|xh|xhs -a|--auth ?:*
http|https|xh|xhs -a|--auth *t
curl -[a-zA-Z]*[uU]|--user|--proxy-user ?:*
curl -u?:*
curl --pass|--proxy-pass|--key-pass|--tlspassword *
etcdctl --user ?:*
kubectl|oc create secret --from-literal ?=*
kubectl|oc set-credentials --token|--password *
vault login *t
vault kv put **
vault kv patch **
vault write **
vault operator unseal *t
fly|flyctl|supabase|doppler|infisical secrets set **
aws put-parameter SecureString --value *
aws create-secret|put-secret-value|update-secret --secret-string *
aws configure set aws_secret_access_key|aws_session_token|aws_access_key_id *
az keyvault secret set --value *
az --account-key|--sas-token|--admin-password|--administrator-login-password *
gh|glab secret|variable set -b|--body|-v|--value *
dotnet user-secrets set ? *
dotnet|nuget push -k|--api-key|-ApiKey *
nuget setapikey *
pulumi config set --secret ? *
poetry|composer config http-basic\..* ? *
poetry|composer config (?:pypi-token|github-oauth|gitlab-token|bearer)\..* *
npm|pnpm|yarn|bun config set .*(?:_authToken|_password|_auth|npmAuthToken) *
bundle config .*\..* ?:*
mc|mcli alias set ? ? ? *
mc|mcli config host add ? ? ? *
rclone obscure *
rclone config !pass|secret_access_key|token|client_secret|password *
wandb|cargo|huggingface-cli|hf|railway|clearml login *t
snyk|ngrok auth|authtoken|add-authtoken *t
netlify|surge --auth|--token *
doctl|hcloud|linode-cli|scw auth -t|--access-token *
tailscale --authkey|--auth-key *
cloudflared --token *
security -\w*generic-password|\w+-(?:generic|internet)-password -w *
security unlock-keychain|create-keychain|import -p|-P *
bw login ? *
bw unlock *
caddy hash-password --plaintext *
influx -t|--token *
htdigest|mkpasswd -s|--password *
snmpget|snmpwalk|snmpset -A|-X *
requirepass|masterauth *
"""
"""A line names the programs, words that must occur in the command, and the pattern of the credential.

Options (``-p *``, or with ``!`` if they have no dash) are followed by the credential or by ``=`` and the credential;
``-p*`` is glued to it. After a subcommand, each ``?`` is a word that is passed over. In a pattern such as ``?:*``,
``?`` is a name and ``*`` the credential. ``**`` is each ``name=credential``. ``*t`` must look like a generated key.
"""

SECRET_INPUT = deferred(
    r"(?:--?(?:password|passphrase|token|secret|api-key)-(?:stdin|fd)\b|--with-token|"
    r"--stdin\b|--data-file=-|--stdin-password|"
    r"(?:^|\s)sudo\s(?:\S+\s){0,8}?-\w*S|\bsecrets? (?:set|put|create)\b|\bkinit\b|\bvercel env add\b|\bcryptsetup\b|"
    r"^\W*(?:sudo\s(?:-\S+\s){0,4})?(?:/usr)?(?:/bin/)?passwd(?:\s|$)|"
    r"\bopenssl\b.{0,200}?\bstdin\b|\bgpg\b.{0,200}?--passphrase-fd|\bvault login -(?:\s|$)|\bsmbpasswd -s)"
)
"""A command that reads a credential from its standard input."""

LOGIN_INPUT = deferred(r"(?:^|/|\s)chpasswd\b|(?:^|\s)git credential")
"""A command that reads ``user:password`` from its standard input."""

INPUT_WORDS = (
    *("-stdin", "-fd", "--with-token", "--data-file=-", "sudo", "secret", "kinit", "vercel", "cryptsetup", "openssl"),
    *("vault", "passwd", "credential"),
)
"""One of them is in every match of the two patterns above."""
