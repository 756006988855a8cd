<?php
// Prints what Horde's decoder makes of documents: a line for each token, without the names,
// which are its own.
error_reporting(E_ERROR);
require_once 'Horde/Autoloader/Default.php';
foreach (array_slice($argv, 1) as $name) {
    echo "= ", basename($name), "\n";
    $d = new Horde_ActiveSync_Wbxml_Decoder(fopen($name, 'rb'));
    $d->setLogger(new Horde_Log_Logger(new Horde_Log_Handler_Null()));
    $d->readWbxmlHeader();
    while (($e = $d->getElement()) !== false) {
        switch ($e[Horde_ActiveSync_Wbxml::EN_TYPE]) {
        case Horde_ActiveSync_Wbxml::EN_TYPE_STARTTAG:
            $content = !empty($e[Horde_ActiveSync_Wbxml::EN_FLAGS]) && ($e[Horde_ActiveSync_Wbxml::EN_FLAGS] & Horde_ActiveSync_Wbxml::EN_FLAGS_CONTENT);
            echo $content ? "start\n" : "start\nend\n";
            break;
        case Horde_ActiveSync_Wbxml::EN_TYPE_ENDTAG:
            echo "end\n";
            break;
        case Horde_ActiveSync_Wbxml::EN_TYPE_CONTENT:
            $c = $e[Horde_ActiveSync_Wbxml::EN_CONTENT];
            if (is_resource($c)) { rewind($c); $c = stream_get_contents($c); }
            echo "text ", bin2hex($c), "\n";
            break;
        }
    }
}
